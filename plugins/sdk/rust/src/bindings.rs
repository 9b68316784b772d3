//! Generated from the contract's WIT. Authors use the re-exports of the crate root; the macros use this.
#![allow(missing_docs, reason = "generated; the WIT files carry the documentation")]
#![allow(unsafe_code, reason = "generated: lowering and lifting at the boundary of the guest")]
#![allow(unreachable_pub, unused_qualifications, clippy::all, reason = "generated")]

pub mod shared {
    wit_bindgen::generate!({
        path: ["../../contract/wit/v1/types"],
        inline: "package undash:sdk;
            world shared { import undash:types/values@1.0.0; import undash:types/log@1.0.0; }",
        additional_derives: [PartialEq],
        generate_all,
        generate_unused_types: true,
    });
}

pub mod pricing {
    wit_bindgen::generate!({
        path: ["../../contract/wit/v1/types", "../../contract/wit/v1/pricing"],
        world: "undash:pricing/pricing-rule",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "__export_pricing_rule",
        with: {
            "undash:types/values@1.0.0": crate::bindings::shared::undash::types::values,
            "undash:types/log@1.0.0": crate::bindings::shared::undash::types::log,
        },
    });
}

pub mod tax {
    wit_bindgen::generate!({
        path: ["../../contract/wit/v1/types", "../../contract/wit/v1/tax"],
        world: "undash:tax/tax-calculator",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "__export_tax_calculator",
        with: {
            "undash:types/values@1.0.0": crate::bindings::shared::undash::types::values,
            "undash:types/log@1.0.0": crate::bindings::shared::undash::types::log,
        },
    });
}

pub mod template {
    wit_bindgen::generate!({
        path: ["../../contract/wit/v1/types", "../../contract/wit/v1/template"],
        world: "undash:template/invoice-template",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "__export_invoice_template",
        with: {
            "undash:types/values@1.0.0": crate::bindings::shared::undash::types::values,
            "undash:types/log@1.0.0": crate::bindings::shared::undash::types::log,
        },
    });
}
