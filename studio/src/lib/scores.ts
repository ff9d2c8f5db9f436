// The referee's answer as a table: the first list of records in it, with a column for each plain value.

export interface Table {
  columns: string[];
  rows: unknown[][];
}

type Row = Record<string, unknown>;

/** Plain values of a record and of the records in it, by name. */
function flat(record: Row, prefix = ""): Row {
  const out: Row = {};
  for (const [name, value] of Object.entries(record)) {
    if (value && typeof value === "object" && !Array.isArray(value)) Object.assign(out, flat(value as Row, `${name} `));
    else if (!Array.isArray(value)) out[prefix + name] = value;
  }
  return out;
}

export function scoreTable(answer: unknown): Table {
  const lists = Array.isArray(answer) ? [answer] : Object.values(answer ?? {}).filter(Array.isArray);
  const list = (lists.find((l) => l.some((row: unknown) => row && typeof row === "object")) ?? []) as Row[];
  const rows = list.map((row) => flat(row));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return { columns, rows: rows.map((row) => columns.map((name) => row[name])) };
}
