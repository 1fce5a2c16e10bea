import { compareFindings, type Finding } from '@lanekeeper/lint/finding';
import { lintWorld } from '@lanekeeper/lint/lint-world';
import { readWorld } from '@lanekeeper/lint/read/read-world';
import { lintIngresses } from '../convert/lint-ingresses.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { print, type Format } from '../output/print.ts';
import { paint, type Terminal } from '../output/terminal.ts';
import { readDocuments } from './read-documents.ts';

export interface LintOptions {
  readonly output: Format;
  /** Codes that are not told of. */
  readonly ignore: readonly string[];
  /** Minor version of Kubernetes; undefined: not known. */
  readonly kubernetes?: number | undefined;
  /** The files are all that there is: what is not in them is nowhere. */
  readonly all: boolean;
}

/** What is wrong with the lanes that some files declare; no cluster is asked. `-` is standard input. */
export function lintFiles(files: readonly string[], options: LintOptions, terminal: Terminal): ExitCode {
  const documents = readDocuments(files);
  const { world, findings: unread } = readWorld(documents, {
    extent: options.all ? 'all' : 'part',
    ...(options.kubernetes === undefined ? {} : { nativeSidecars: hasNativeSidecars(options.kubernetes) }),
  });
  const findings = [...unread, ...lintWorld(world), ...lintIngresses(documents)]
    .filter(({ code }) => !options.ignore.includes(code))
    .sort(compareFindings);
  print(terminal, options.output, findings, () => describeFindings(findings, terminal));
  return findings.length === 0 ? EXIT.fine : EXIT.found;
}

export function describeFindings(findings: readonly Finding[], terminal: Terminal): string {
  if (findings.length === 0) return `${paint(terminal, 'green', 'nothing found')}\n`;
  return findings
    .map(({ code, severity, object, path, message, fix }) => {
      const colour = severity === 'error' ? 'red' : 'yellow';
      const where = path === '' ? object : `${object} ${path}`;
      return `${paint(terminal, colour, `${code} ${severity}`)}  ${where}\n  ${message}\n  ${paint(terminal, 'dim', `fix: ${fix}`)}\n`;
    })
    .join('');
}

/** Of a cluster of that minor version: containers that Kubernetes itself knows as sidecars. */
export function hasNativeSidecars(minor: number): boolean {
  return minor >= 29;
}
