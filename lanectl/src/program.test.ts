import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from './output/exit-code.ts';
import { createProgram } from './program.ts';
import { runProgram } from './run-program.ts';
import { VERSION } from './version.ts';

const FIXTURES = new URL('../../lint/src/testdata/', import.meta.url);

let out = '';
let err = '';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-lanectl-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function lanectl(args: readonly string[], executable = 'lanectl'): Promise<number> {
  [out, err] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    hasColours: false,
  };
  const env = { KUBECONFIG: join(folder, 'none') };
  return runProgram(createProgram(terminal, { env, executable }), ['node', executable, ...args], terminal);
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

it('has the version of all of Lanekeeper', async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(await lanectl(['--version'])).toBe(EXIT.fine);
  expect(out.trim()).toBe(VERSION);
  expect(manifest).toMatchObject({ version: VERSION });
});

it('is called as it was started', async () => {
  await lanectl(['--help'], '/usr/local/bin/kubectl-lanekeeper');
  expect(out).toContain('Usage: kubectl lanekeeper');
  await lanectl(['--help'], '/usr/local/bin/lanectl');
  expect(out).toContain('Usage: lanectl');
});

it.each([
  ['an unknown command', ['frobnicate']],
  ['no command', []],
  ['an unknown option', ['lanes', '--colour']],
  ['a missing argument', ['explain', 'a']],
  ['an unknown format', ['lint', 'x.yaml', '-o', 'xml']],
  ['an unknown code', ['lint', 'x.yaml', '--ignore', 'LK9999']],
  ['a key that is none', ['convert', 'x.yaml', '--key', 'colour']],
  ['a header that is none', ['explain', 'a', 'b', '-H', 'x']],
  ['a number that is none', ['hops', 'a', '--limit', 'many']],
  ['a version that is none', ['lint', 'x.yaml', '--kubernetes', 'new']],
  ['an unknown category', ['doctor', '--category', 'luck']],
])('%s is bad usage', async (_, args) => {
  expect(await lanectl(args)).toBe(EXIT.usage);
  expect(out).toBe('');
  expect(err).not.toBe('');
});

it('says what to do next where it fails', async () => {
  expect(await lanectl(['lanes'])).toBe(EXIT.failed);
  expect(err).toMatch(
    /^lanectl: the kubeconfig cannot be used: .*\n {2}next: kubectl config get-contexts\n$/,
  );
  expect(await lanectl(['lint', join(folder, 'none.yaml')])).toBe(EXIT.failed);
  expect(err).toContain('cannot be read');
});

describe('lint', () => {
  const negative = readdirSync(FIXTURES).filter((file) => /^LK\d+\.yaml$/.test(file));

  it.each(negative)('finds in %s what it is about, and says so by its exit code', async (file) => {
    const args = ['lint', '--kubernetes', '1.28', '-o', 'json', new URL(file, FIXTURES).pathname];
    expect(await lanectl(args)).toBe(EXIT.found);
    const findings = JSON.parse(out) as readonly { readonly code: string }[];
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set([file.replace('.yaml', '')]));
  });

  it('finds nothing in what is well, or only what is ignored', async () => {
    expect(await lanectl(['lint', '--all', new URL('healthy.yaml', FIXTURES).pathname])).toBe(EXIT.fine);
    expect(out).toBe('nothing found\n');
    const file = new URL('LK0110.yaml', FIXTURES).pathname;
    expect(await lanectl(['lint', file, '--ignore', 'LK0110'])).toBe(EXIT.fine);
  });

  it('says for people the code, the place, the sentence and what to do', async () => {
    await lanectl(['lint', new URL('LK0110.yaml', FIXTURES).pathname]);
    expect(out).toMatch(
      /^LK0110 warning {2}Lane shop\/gray spec\.match\[0\]\.key\n {2}\S.*\n {2}fix: \S.*\n$/,
    );
  });

  it('says of what is not in the files that it is nowhere, where they are all that there is', async () => {
    expect(await lanectl(['lint', '--all', new URL('LK0110.yaml', FIXTURES).pathname])).toBe(EXIT.found);
    expect(out).toContain('LK0101 error  LaneGroup shop/demo spec.services[0]\n');
  });

  it('says where YAML is broken', async () => {
    expect(await lanectl(['lint', write('x.yaml', 'a: [1\nb: 2\n')])).toBe(EXIT.failed);
    expect(err).toMatch(/x\.yaml: document \(\d+:\d+\): /);
  });
});

describe('convert', () => {
  const canary = new URL('convert/testdata/canary.yaml', import.meta.url).pathname;

  it('writes objects to stdout and what is not as it was to stderr', async () => {
    expect(await lanectl(['convert', canary])).toBe(EXIT.found);
    expect(err).toMatch(/^note: Ingress shop\/a: affinity by cookie/);
    expect(out.split('---\n')).toHaveLength(5);
    expect(await lanectl(['convert', canary, '-o', 'json'])).toBe(EXIT.found);
    expect(JSON.parse(out)).toMatchObject({ kind: 'List', items: { length: 5 } });
  });

  it('what it writes has nothing that lint would find', async () => {
    await lanectl(['convert', canary]);
    const converted = write('converted.yaml', out);
    expect(await lanectl(['lint', converted])).toBe(EXIT.fine);
  });

  it('fails where there is no Ingress', async () => {
    expect(await lanectl(['convert', write('x.yaml', 'kind: Service\n')])).toBe(EXIT.failed);
    expect(err).toContain('there is no Ingress in ');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh'])('for %s is a script that bash can read', async (shell) => {
    expect(await lanectl(['completion', shell])).toBe(EXIT.fine);
    expect(() => execFileSync('bash', ['-n'], { input: out })).not.toThrow();
  });

  it('for fish names every command and option', async () => {
    await lanectl(['completion', 'fish']);
    expect(out).toContain("'__fish_seen_subcommand_from doctor' -l category");
    expect(
      out
        .split('\n')
        .filter((line) => line !== '')
        .every((line) => line.startsWith('complete -c lanectl ')),
    ).toBe(true);
  });

  it.each([
    ['lanectl do', 'doctor'],
    ['lanectl completion f', 'fish'],
    ['lanectl doctor --cat', '--category'],
    ['lanectl lint -o j', 'json'],
  ])('completes "%s" to %s', async (line, expected) => {
    await lanectl(['completion', 'bash']);
    const words = line.split(' ');
    const ask = `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _lanectl; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-c', `${out}\n${ask}`]).toString()).toBe(`${expected}\n`);
  });
});
