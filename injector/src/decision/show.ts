const MAX_SHOWN = 100;

/** A value as it is shown in a problem: JSON, bounded. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
