import { stringify } from 'yaml';

/** A value as YAML 1.2, for people: long texts stay on their line, nothing refers to something else. */
export function writeYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
