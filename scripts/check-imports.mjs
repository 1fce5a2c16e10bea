// Holds every import of the checkout against the arrows of import-rules.mjs, looks for cycles between files, and for
// dependencies that are used but not declared or declared but not used. Prints `file:line: what. Why.`; exits 1 when there is any.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  FOLDER_RULES,
  NARROW_EDGES,
  PACKAGE_ARROWS,
  PACKAGE_REASON,
  SHIPPED,
  TOOLS,
} from './import-rules.mjs';
import { libraryOf, readImports, sourceFiles } from './read-imports.mjs';

function packageOf(path) {
  return path.split('/')[0];
}

/** Tests and what only tests use; the doors of third-party libraries do not bind them, the arrows between packages do. */
function isTestFile(file) {
  return (
    /\.(test|fixture)\.(ts|mjs)$/.test(file) ||
    /\/(testing|testdata)\//.test(file) ||
    /^[^/]+\/tests\//.test(file)
  );
}

function problem({ file, line, specifier }, what, reason) {
  return `${file}:${line}: ${specifier} ${what}: ${reason}`;
}

function checkPackageArrow(one) {
  const from = packageOf(one.file);
  const to = packageOf(one.target);
  if (one.specifier.startsWith('.') && from !== to) {
    return [
      problem(one, 'leaves its package by a relative path', 'packages are imported by name (@lanekeeper/…)'),
    ];
  }
  if (from === to || !(to in PACKAGE_ARROWS) || !one.specifier.startsWith('@lanekeeper/')) return [];
  return PACKAGE_ARROWS[from]?.includes(to)
    ? []
    : [problem(one, `may not be imported by ${from}`, PACKAGE_REASON)];
}

function checkNarrowEdge(one) {
  if (!SHIPPED.has(packageOf(one.file)) || isTestFile(one.file)) return [];
  const edges = NARROW_EDGES.filter(
    ({ module }) => one.specifier === module || one.specifier.startsWith(`${module}/`),
  );
  const broken = edges.filter(({ only }) => !only.some((door) => one.file.startsWith(door)));
  return broken.map(({ only, reason }) => problem(one, `is for ${only.join(', ')} only`, reason));
}

function checkFolder(one) {
  if (isTestFile(one.file)) return [];
  const rules = FOLDER_RULES.filter(({ folder }) => one.file.startsWith(folder));
  return rules.flatMap(({ all, values, except, reason, folder }) => {
    if (except?.includes(one.specifier)) return [];
    const banned = one.isType ? all : [...all, ...(values ?? [])];
    const hit = banned.some((prefix) => one.target.startsWith(prefix) || one.specifier.startsWith(prefix));
    return hit ? [problem(one, `may not be imported in ${folder}`, reason)] : [];
  });
}

/** Each cycle of value imports once, as the list of its files. Type imports are erased and close no cycle. */
export function findCycles(imports) {
  const edges = new Map();
  for (const { file, target, isType } of imports) {
    if (!isType && target.includes('/')) edges.set(file, [...(edges.get(file) ?? []), target]);
  }
  const done = new Set();
  const path = [];
  const cycles = [];
  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return cycles;
}

/** Libraries that the files of a package import: `{ shipped, tests }`, by where. */
function usedLibraries(imports) {
  const shipped = new Map();
  const tests = new Map();
  for (const one of imports) {
    const library = libraryOf(one.specifier);
    if (library !== undefined) (isTestFile(one.file) ? tests : shipped).set(library, one);
  }
  return { shipped, tests };
}

function checkManifest(root, name, imports, tools) {
  const file = join(name, 'package.json');
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, file), 'utf8'));
  const { shipped, tests } = usedLibraries(imports);
  const missing = [...shipped].filter(([library]) => !(library in dependencies));
  const known = { ...dependencies, ...devDependencies, ...tools };
  const missingInTests = [...tests].filter(([library]) => !(library in known));
  const isUsed = (library) => {
    const typed = library.replace('@types/', '');
    return [library, typed].some((one) => shipped.has(one) || tests.has(one)) || TOOLS.has(library);
  };
  const unused = Object.keys({ ...dependencies, ...devDependencies }).filter((library) => !isUsed(library));
  return [
    ...missing.map(([library, one]) =>
      problem(one, `is not in ${file}`, `declare ${library} under dependencies`),
    ),
    ...missingInTests.map(([library, one]) =>
      problem(one, `is not in ${file}`, `declare ${library} under devDependencies`),
    ),
    ...unused.map((library) => `${file}: ${library} is declared and not used: remove it`),
  ];
}

function rootTools(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies ?? {};
}

/** Every problem of the checkout at `root`, sorted by package. */
export function checkImports(root) {
  const packages = Object.keys(PACKAGE_ARROWS).filter((name) => existsSync(join(root, name, 'package.json')));
  const tools = rootTools(root);
  const everything = [];
  const problems = packages.flatMap((name) => {
    const imports = sourceFiles(root, name).flatMap((file) => readImports(root, file));
    everything.push(...imports);
    const broken = imports.flatMap((one) => [
      ...checkPackageArrow(one),
      ...checkNarrowEdge(one),
      ...checkFolder(one),
    ]);
    return [...broken, ...checkManifest(root, name, imports, tools)];
  });
  const cycles = findCycles(everything).map(
    (files) => `${files.join(' -> ')}: a cycle; one of these files holds two things`,
  );
  return { problems: [...problems, ...cycles], files: new Set(everything.map(({ file }) => file)).size };
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const { problems, files } = checkImports(join(fileURLToPath(import.meta.url), '..', '..'));
  for (const text of problems) process.stdout.write(`${text}\n`);
  process.stdout.write(
    `imports of ${files} files: ${problems.length === 0 ? 'every arrow holds' : `${problems.length} problems`}\n`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
