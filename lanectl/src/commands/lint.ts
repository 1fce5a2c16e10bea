import { readFileSync } from 'node:fs';
import { FINDING_CODES } from '@lanekeeper/lint/codes';
import { compareFindings, type Finding } from '@lanekeeper/lint/finding';
import { lintWorld } from '@lanekeeper/lint/lint-world';
import { readWorld } from '@lanekeeper/lint/read/read-world';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { Failure } from '../output/failure.ts';
import { print, type Format } from '../output/print.ts';
import { paint, type Terminal } from '../output/terminal.ts';

export interface LintOptions {
  readonly output: Format;
  /** Codes that are not told of. */
  readonly ignore: readonly string[];
  /** The files are all that there is: what is not in them is nowhere. */
  readonly all: boolean;
}

/** What is wrong with the lanes that some files declare; no cluster is asked. `-` is standard input. */
export function lintFiles(files: readonly string[], options: LintOptions, terminal: Terminal): ExitCode {
  checkCodes(options.ignore);
  const documents = files.flatMap(documentsIn);
  const { world, findings: unread } = readWorld(documents, { extent: options.all ? 'all' : 'part' });
  const findings = [...unread, ...lintWorld(world)]
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

function checkCodes(codes: readonly string[]): void {
  const unknown = codes.filter((code) => !Object.hasOwn(FINDING_CODES, code));
  if (unknown.length === 0) return;
  throw new Failure(`--ignore ${unknown.join(', ')}: no such code`, {
    next: 'docs/lint has a page for each',
  });
}

function documentsIn(file: string): readonly unknown[] {
  const parsed = parseManifest(readText(file));
  if ('documents' in parsed) return parsed.documents;
  const problems = parsed.problems.map(({ path, message }) => `${file}: ${path}: ${message}`);
  throw new Failure(problems.join('\n'));
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new Failure(`${file} cannot be read`, { cause });
  }
}
