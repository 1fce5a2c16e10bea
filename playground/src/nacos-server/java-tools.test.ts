import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findJavaTools, releaseOf } from './java-tools.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A machine whose programs say this to `-version`, and nothing else on the PATH. */
function machine(says: Readonly<Record<string, string>>): { readonly PATH: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-tools-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(says)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s\\n' '${text}' >&2\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { PATH: folder };
}

const JAVA = { java: 'openjdk version "21.0.4" 2024-07-16', javac: 'javac 21.0.4' };
const MAVEN = { mvn: 'Apache Maven 3.8.7' };

test('takes Java and Maven from the PATH where both are there', async () => {
  expect(await findJavaTools(machine({ ...JAVA, ...MAVEN }))).toEqual({ java: 'java', maven: 'mvn' });
});

test('takes the JDK that JAVA_HOME names', async () => {
  const { PATH } = machine({ ...MAVEN, 'jdk/bin/java': JAVA.java, 'jdk/bin/javac': JAVA.javac });
  const found = await findJavaTools({ PATH, JAVA_HOME: join(PATH, 'jdk') });
  expect(found.java).toBe(join(PATH, 'jdk', 'bin', 'java'));
});

test('names all that is missing, and how to get it', async () => {
  const missing = findJavaTools(machine({}));
  await expect(missing).rejects.toMatchObject({ code: 'nacos-tool-missing' });
  await expect(missing).rejects.toThrow(
    /Java is missing; 17 .*\n.*javac is missing.*\n.*Maven is missing.*\n.*apt-get install openjdk-17-jdk-headless maven/s,
  );
});

test('says which Java is too old, and that a runtime alone has no compiler', async () => {
  const old = findJavaTools(machine({ java: 'java version "1.8.0_392"', ...MAVEN }));
  await expect(old).rejects.toThrow(
    /Java is too old: 17 or newer is needed, it says java version "1.8.0_392"/,
  );
  await expect(old).rejects.toThrow(/javac is missing/);
  await expect(old).rejects.not.toThrow(/Maven is missing/);
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['javac 11.0.2', 11],
  ['something else', 0],
])('reads the release of %j', (said, release) => {
  expect(releaseOf(said)).toBe(release);
});
