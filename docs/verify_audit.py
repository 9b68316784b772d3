"""Verifies an export of the audit trail: python3 verify_audit.py < export.ndjson

Needs nothing but Python. The recipe is in audit.md.
"""
import hashlib, json, sys

def text(value):
    if value is None:
        return b"\0"
    value = str(value).encode()
    return b"\1" + len(value).to_bytes(8, "big") + value

FIELDS = ["organisationId", "sequence", "id", "recordedAt", "actorKind", "actorKeyId", "actorSessionId", "actorRole",
          "address", "requestId", "action", "subjectType", "subjectId"]

number, previous, head = 0, "0" * 64, None
for line in sys.stdin:
    row = json.loads(line)
    if "head" in row:
        head = row["head"]
        continue
    number += 1
    said = text("undash.audit.v1") + b"".join(text(row[field]) for field in FIELDS) + text(len(row["changes"]))
    for change in row["changes"]:
        said += text(change["field"]) + text(change["before"]) + text(change["after"])
    if row["sequence"] != number:
        sys.exit(f"row {number} is missing: row {row['sequence']} ({row['id']}) stands in its place")
    if row["previousHash"] != previous:
        sys.exit(f"row {number} ({row['id']}) does not follow the row before it")
    previous = hashlib.sha256(said + bytes.fromhex(row["previousHash"])).hexdigest()
    if row["hash"] != previous:
        sys.exit(f"row {number} ({row['id']}) was altered")
if head != {"sequence": number, "hash": previous}:
    sys.exit(f"the export ends at row {number} and its head is {head}: rows are missing at the end")
print(f"{number} rows, whole")
