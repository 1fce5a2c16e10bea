import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mavenJar } from './maven-jar.ts';

/** Makes of the project's source a jar, and notes each time it runs. */
const MAVEN = `#!/bin/sh
echo run >> "$(dirname "$0")/runs"
echo "Downloaded from central: https://repo/one.jar (1 kB)"
echo "Downloaded from central: https://repo/two.jar (1 kB)"
test -e src/broken && { echo "[ERROR] COMPILATION ERROR"; exit 1; }
mkdir target && cat src/main > target/program.jar
`;

let folder: string;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-maven-'));
  told = [];
  mkdirSync(join(folder, 'project', 'src'), { recursive: true });
  writeFileSync(join(folder, 'project', 'pom.xml'), '<project/>');
  writeFileSync(join(folder, 'project', 'src', 'main'), 'first');
  writeFileSync(join(folder, 'mvn'), MAVEN);
  chmodSync(join(folder, 'mvn'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const build = (
  findTools = () => Promise.resolve({ java: 'java', maven: join(folder, 'mvn') }),
): Promise<string> =>
  mavenJar(
    { title: 'the program', folder: join(folder, 'project'), jar: 'program.jar' },
    { cache: join(folder, 'cache'), tell: (line) => told.push(line), findTools },
  );
const runs = (): number => readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1;

test('builds once, whoever asks at the same time or later, and tells how it goes', async () => {
  const [one, other] = await Promise.all([build(), build()]);
  expect(readFileSync(one, 'utf8')).toBe('first');
  expect([other, await build(() => Promise.reject(new Error('no tools are needed')))]).toEqual([one, one]);
  expect(runs()).toBe(1);
  expect(told).toContain('building the program with Maven (once)');
  expect(told).toContainEqual(expect.stringMatching(/^ {2}done in .* s, 2 files fetched$/));
});

test('builds again for other sources and keeps both', async () => {
  const first = await build();
  writeFileSync(join(folder, 'project', 'src', 'main'), 'second');
  expect(readFileSync(await build(), 'utf8')).toBe('second');
  expect(readFileSync(first, 'utf8')).toBe('first');
});

test('writes nothing into the checkout', async () => {
  await build();
  expect(readdirSync(join(folder, 'project')).sort()).toEqual(['pom.xml', 'src']);
});

test('shows what Maven said when it failed, and builds again the next time', async () => {
  writeFileSync(join(folder, 'project', 'src', 'broken'), '');
  await expect(build()).rejects.toThrow(
    /building the program: .*exit code 1.*\n\[ERROR\] COMPILATION ERROR/s,
  );
  rmSync(join(folder, 'project', 'src', 'broken'));
  expect(existsSync(await build())).toBe(true);
  expect(runs()).toBe(2);
});
