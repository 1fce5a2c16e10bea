import { readFileSync } from 'node:fs';
import { parseManifest } from '@lanekeeper/mesh-file/objects/parse-manifest';
import { writeYaml } from '@lanekeeper/mesh-file/write-yaml';
import { describe, expect, it } from 'vitest';
import { convertIngresses } from './convert/convert-ingresses.ts';
import { createProgram } from './program.ts';

const GUIDES = ['lanectl.md', 'troubleshooting.md'];

function read(file: string): string {
  return readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
}

/** Lines of the guides' shell blocks in which lanectl is run, without what stands around it. */
function commandLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'));
  return blocks.flatMap(
    (line) => /(?:^|\| |-- |main\.mjs )((?:lanectl )?(?:[a-z]+)(?: .*)?)$/.exec(line)?.[1] ?? [],
  );
}

function words(line: string): readonly string[] {
  const text = line.replace(/^lanectl /, '').replace(/\s+(?:#|>).*$/, '');
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

const LINES = GUIDES.flatMap((file) => commandLines(read(file))).filter((line) =>
  line.startsWith('lanectl '),
);

describe('the guides', () => {
  it.each(LINES)('%s is a command line that lanectl takes', async (line) => {
    let err = '';
    const terminal = { out: () => undefined, err: (text: string) => void (err += text), hasColours: false };
    const { command } = createProgram(terminal, { env: {}, executable: 'lanectl' });
    for (const each of command.commands) each.action(() => undefined);
    await command.parseAsync(['node', 'lanectl', ...words(line)]);
    expect(err).toBe('');
  });

  it('name every command, and show each', () => {
    const { command } = createProgram(
      { out: () => undefined, err: () => undefined, hasColours: false },
      { env: {}, executable: 'lanectl' },
    );
    const shown = new Set(LINES.map((line) => words(line)[0]));
    const names = command.commands.map((each) => each.name()).filter((name) => name !== 'completion');
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('what convert makes of the example is what stands there', () => {
    const [before = '', after = ''] = [...read('lanectl.md').matchAll(/^```yaml\n(.*?)^```$/gms)].map(
      ([, block = '']) => block,
    );
    const documents = (text: string): readonly unknown[] => {
      const parsed = parseManifest(text);
      if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
      return parsed.documents;
    };
    const { objects, notes } = convertIngresses(documents(before), { gateway: undefined, key: undefined });
    expect(objects.map(writeYaml)).toEqual(documents(after).map(writeYaml));
    const text = read('lanectl.md').replaceAll('\n', ' ');
    for (const { object, message } of notes) expect(text).toContain(`note: ${object}: ${message}`);
  });

  it.each(GUIDES)('the links of %s lead somewhere', (file) => {
    const links = [...read(file).matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(() => read(link)).not.toThrow();
  });
});
