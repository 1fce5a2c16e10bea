// Reads the import statements of the checkout's source files. The files are formatted by prettier, so a statement begins its line.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const STATEMENT =
  /^(import|export)\s+(type\s+)?(?:(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|[\w$]+(?:\s*,\s*(?:\{[^}]*\}|\*\s+as\s+\w+))?)\s+from\s+)?(['"])([^'"\n]+)\3/gm;
const CALL = /(typeof\s+)?\b(?:import|require)\(\s*(['"])([^'"\n]+)\2\s*\)/g;
const SKIPPED = new Set(['node_modules', 'dist', '.cache', '.git']);

/** Every .ts and .mjs file of a package, relative to the root, sorted. */
export function sourceFiles(root, packageName) {
  const files = [];
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) visit(path);
      else if (entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name)) files.push(relative(root, path));
    }
  };
  if (existsSync(join(root, packageName))) visit(join(root, packageName));
  return files.sort();
}

/** Where a specifier leads: a file of ours relative to the root, or the specifier itself (`node:net`, `yaml`). */
function resolve(file, specifier) {
  if (specifier.startsWith('.')) return join(dirname(file), specifier);
  const own = /^@lanekeeper\/([^/]+)\/(.+)$/.exec(specifier);
  return own === null ? specifier : `${own[1]}/src/${own[2]}.ts`;
}

/** The imports of a file: `{ file, line, specifier, target, isType }`. An import of types leaves nothing at run time. */
export function readImports(root, file) {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [];
  const add = (index, specifier, isType) => {
    const line = text.slice(0, index).split('\n').length;
    found.push({ file, line, specifier, target: resolve(file, specifier), isType });
  };
  for (const match of text.matchAll(STATEMENT)) add(match.index, match[4], match[2] !== undefined);
  for (const match of text.matchAll(CALL)) add(match.index, match[3], match[1] !== undefined);
  return found;
}

/** `@scope/name` or `name` of a specifier that leads to an installed package, else undefined. */
export function libraryOf(specifier) {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[1];
}
