const MAX_CHARACTERS = 16 * 1024;

/** Whether it is more than anybody describes an instance with; does not read on once that is clear. */
export function isHuge(metadata: Readonly<Record<string, string>>): boolean {
  let size = 0;
  for (const key in metadata) {
    size += key.length + (metadata[key]?.length ?? 0);
    if (size > MAX_CHARACTERS) return true;
  }
  return false;
}
