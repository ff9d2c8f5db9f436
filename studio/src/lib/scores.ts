// The referee's answer as a table: a row for each measure, a column for each picture, and marks at the best.

export interface ScoreRow {
  name: string;
  about: string;
  /** "↑" if more is better, "↓" if less is. */
  arrow: string;
  cells: { text: string; best: boolean }[];
}

interface Measure {
  aspect: string;
  better: "higher" | "lower";
  about: string;
}

interface Answer {
  pictures: { scores: Record<string, unknown> & { layers?: Record<string, number | null> } }[];
  measures: Record<string, Measure>;
}

/** Content and texture are shares with four decimals; colours and faults are steps with two. */
const decimals = (aspect: string | undefined) => (aspect === "colour" || aspect === "faults" ? 2 : 4);

export function scoreTable({ pictures, measures }: Answer): ScoreRow[] {
  const all = pictures.map(
    ({ scores: { layers, ...scores } }) => ({ ...scores, ...layers }) as Record<string, unknown>,
  );
  const layers = new Set(pictures.flatMap(({ scores }) => Object.keys(scores.layers ?? {})));
  const names = [...Object.keys(measures), ...layers];
  return names.flatMap((name) => {
    const values = all.map((scores) => scores[name]).map((v) => (typeof v === "number" ? v : null));
    const known = values.filter((v) => v !== null);
    if (known.length === 0) return [];
    const measure = measures[name] ?? {
      aspect: "texture",
      better: "lower",
      about: "Distance of an encoder's features at this layer",
    };
    const best = measure.better === "higher" ? Math.max(...known) : Math.min(...known);
    const cells = values.map((v) => ({
      text: v === null ? "–" : v.toFixed(decimals(measure.aspect)),
      best: v === best && values.length > 1,
    }));
    return [{ name, about: measure.about, arrow: measure.better === "higher" ? "↑" : "↓", cells }];
  });
}
