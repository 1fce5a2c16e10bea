import { readFileSync } from 'node:fs';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { Failure } from '../output/failure.ts';

/** The documents of YAML or JSON files; `-` is standard input. Throws a Failure that names the file and the place. */
export function readDocuments(files: readonly string[]): readonly unknown[] {
  return files.flatMap((file) => {
    const parsed = parseManifest(readText(file));
    if ('documents' in parsed) return parsed.documents;
    const problems = parsed.problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
    throw new Failure(problems.join('\n'));
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${file} cannot be read: ${why}`, { cause });
  }
}
