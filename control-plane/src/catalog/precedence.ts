/** Whose word counts first where several sources know one thing: what a person has written down, then the cluster, then a registry. */
const PRECEDENCE: readonly string[] = ['file', 'kubernetes', 'nacos'];

export function bySource(a: { readonly source: string }, b: { readonly source: string }): number {
  const byRank = rankOf(a.source) - rankOf(b.source);
  if (byRank !== 0) return byRank;
  return a.source < b.source ? -1 : Number(a.source > b.source);
}

function rankOf(source: string): number {
  const rank = PRECEDENCE.indexOf(source);
  return rank < 0 ? PRECEDENCE.length : rank;
}
