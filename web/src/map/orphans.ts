/** What the orphan tiles say. */

/** What a dot's colour stands for: the rung, or the state of what has not climbed the ladder. */
export function kindOf(rung: unknown, state: unknown): string {
  return typeof rung === "string" && rung !== "" ? rung : String(state ?? "");
}

export interface Share {
  kind: string;
  policies: number;
}

export interface Counted {
  policies: number;
  /** The commonest kind. */
  kind: string;
  /** Each kind with its policies, the commonest first. */
  shares: Share[];
}

/** A bin without the hidden kinds; null if nothing is left. */
export function counted(properties: Record<string, unknown>, hidden: ReadonlySet<string>): Counted | null {
  const shares = Object.entries(properties)
    .filter(([key]) => key.startsWith("n_") && !hidden.has(key.slice(2)))
    .map(([key, value]) => ({ kind: key.slice(2), policies: Number(value) }))
    .filter(({ policies }) => policies > 0)
    .sort((a, b) => b.policies - a.policies || (a.kind < b.kind ? -1 : 1));
  const [first] = shares;
  if (!first) return null;
  return { policies: shares.reduce((sum, share) => sum + share.policies, 0), kind: first.kind, shares };
}
