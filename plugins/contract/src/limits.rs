//! The limits a plugin is checked against and runs under: one table, published with the contract.
//!
//! Raising a number is compatible. Lowering one breaks authors and needs a new version of the profile, which is
//! part of the engine fingerprint. No code here beyond the table.

/// What one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes the host copies out of the plugin in one call, counted before allocation.
    pub hostcall_bytes: usize,
    /// Bytes of text in an accepted answer.
    pub output_bytes: usize,
    /// Elements in an accepted answer, over all its lists.
    pub output_elements: usize,
}

/// One set of limits. Sizes are bytes unless the name says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitProfile {
    /// Name and version; part of the engine fingerprint.
    pub name: &'static str,

    /// The file as uploaded. Rust guests need 0.1 MiB, QuickJS 1.6 MiB.
    pub wasm_size: usize,
    /// The machine code made of it. 4–5 times the file for honest guests, 20 000 times for a bomb.
    pub native_size: usize,
    /// Functions over all modules; each costs the compiler time and memory.
    pub functions: usize,
    /// One function body; compile time grows faster than its size.
    pub function_body: usize,
    /// Nesting of blocks in a function: 3000 nested loops compile for 81 s, 281 is the most seen in honest guests.
    pub block_depth: usize,
    /// Locals of a function: 49 000 compile for minutes, 271 is the most seen.
    pub locals: usize,
    /// Active and passive data segments of a module.
    pub data_segments: usize,
    /// Core modules inside the component.
    pub core_modules: usize,
    /// Imports of one core module.
    pub core_imports: usize,
    /// Custom sections together.
    pub custom_sections: usize,
    /// Components nested inside the component; each may be instantiated once.
    pub nested_components: usize,
    /// Core instances, which is also what instantiation costs and fuel does not see.
    pub core_instances: usize,
    /// Linear memories.
    pub memories: usize,
    /// Tables.
    pub tables: usize,
    /// Elements over all tables.
    pub table_elements: usize,
    /// Linear memory over all memories of an instance.
    pub memory_size: usize,

    /// Stack of the guest.
    pub wasm_stack: usize,
    /// Fuel of a call without lines.
    pub fuel_base: u64,
    /// Fuel added by each line or charge of the input.
    pub fuel_per_line: u64,
    /// Fuel that is never exceeded.
    pub fuel_max: u64,
    /// Wall-clock limit, in milliseconds. Only stops what fuel misprices; never a verdict about the plugin. All the
    /// fuel there is takes 0.2 s on an idle machine, and a busy one must not turn that into a failure.
    pub deadline_ms: u64,
    /// Lines or charges in one call.
    pub lines: usize,
    /// Handles of resources and tasks an instance may hold.
    pub handles: usize,
    /// Log lines kept of a call.
    pub log_lines: usize,
    /// Bytes of log kept of a call.
    pub log_bytes: usize,
    /// For pricing rules and tax calculators.
    pub numbers: Budget,
    /// For templates.
    pub document: Budget,
}

impl LimitProfile {
    /// The fuel of a call with `lines` lines or charges.
    pub const fn fuel(&self, lines: usize) -> u64 {
        let wanted = self.fuel_base.saturating_add(self.fuel_per_line.saturating_mul(lines as u64));
        if wanted < self.fuel_max { wanted } else { self.fuel_max }
    }
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// For guests written in Rust, C, MoonBit or JavaScript on QuickJS.
pub const STANDARD: LimitProfile = LimitProfile {
    name: "standard/1",

    wasm_size: 4 * MIB,
    native_size: 32 * MIB,
    functions: 8_000,
    function_body: 160 * KIB,
    block_depth: 320,
    locals: 1_000,
    data_segments: 16_000,
    core_modules: 32,
    core_imports: 256,
    custom_sections: 256 * KIB,
    nested_components: 32,
    core_instances: 128,
    memories: 4,
    tables: 4,
    table_elements: 20_000,
    memory_size: 32 * MIB,

    wasm_stack: 512 * KIB,
    fuel_base: 50_000_000,
    fuel_per_line: 100_000,
    fuel_max: 500_000_000,
    deadline_ms: 1_000,
    lines: 1_000,
    handles: 1_000,
    log_lines: 64,
    log_bytes: 8 * KIB,
    numbers: Budget { hostcall_bytes: 512 * KIB, output_bytes: 256 * KIB, output_elements: 16_000 },
    document: Budget { hostcall_bytes: 4 * MIB, output_bytes: 2 * MIB, output_elements: 64_000 },
};

#[cfg(test)]
mod tests {
    use super::STANDARD;

    #[test]
    fn fuel_grows_with_lines_up_to_its_ceiling() {
        assert_eq!(STANDARD.fuel(0), 50_000_000);
        assert_eq!(STANDARD.fuel(10), 51_000_000);
        assert_eq!(STANDARD.fuel(1_000_000), 500_000_000);
        assert_eq!(STANDARD.fuel(usize::MAX), 500_000_000);
    }
}
