/** The kubelet takes `$(NAME)` in a variable's value for a reference to another one, and `$$` for a dollar. */
export function writeLiteral(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** Undoes {@link writeLiteral}. */
export function readLiteral(value: string): string {
  return value.replaceAll('$$', '$');
}
