import { writeYaml } from '@lanekeeper/mesh-file/write-yaml';
import type { StickyKey } from '@lanekeeper/protocol/model';
import { convertIngresses } from '../convert/convert-ingresses.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { Failure } from '../output/failure.ts';
import { paint, type Terminal } from '../output/terminal.ts';
import { readDocuments } from './read-documents.ts';

export interface ConvertFilesOptions {
  readonly output: 'yaml' | 'json';
  readonly gateway?: string | undefined;
  readonly key?: StickyKey | undefined;
}

/** The objects on stdout; what is not as it was on stderr, and as `found` in the exit code. */
export function convertFiles(
  files: readonly string[],
  { output, gateway, key }: ConvertFilesOptions,
  terminal: Terminal,
): ExitCode {
  const { objects, notes } = convertIngresses(readDocuments(files), { gateway, key });
  if (objects.length === 0) throw new Failure(`there is no Ingress in ${files.join(', ')}`);
  terminal.out(
    output === 'json'
      ? `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }, null, 2)}\n`
      : objects.map(writeYaml).join('---\n'),
  );
  for (const { object, message } of notes)
    terminal.err(`${paint(terminal, 'yellow', 'note:')} ${object}: ${message}\n`);
  return notes.length === 0 ? EXIT.fine : EXIT.found;
}
