// Bundles each executable to one file, dist/<name>/main.mjs: imports of unbundled libraries cost tens of MB of memory and most of
// the start. Names are kept whole (stack traces stay readable; the map beside the file is for `--enable-source-maps`), white
// space and dead branches go. koffi cannot be bundled: it and its native file are copied beside, so the folder runs on its own.
import { builtinModules } from 'node:module';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { copyPackage, licencesOf } from './bundle-extras.mjs';
import { areBundlesCurrent, digestOfInputs, stamp } from './bundle-stamp.mjs';
import { startProgress } from './progress.mjs';
import { root, withLock } from './setup.mjs';

const dist = join(root, 'dist');

/**
 * How Node should run the sidecar, written to dist/sidecar/node-flags.json for whoever starts it. Measured with `npm run bench`: a
 * small young generation (which --optimize-for-size implies) and no third compiler between the interpreter and the optimising one
 * keep 1,000 services in some 90 MB, where Node's own choice takes 150 MB and more; the collector then takes some 10 % of the CPU.
 */
const sidecarFlags = ['--optimize-for-size', '--no-maglev'];

/**
 * The same program as a gateway, written to dist/sidecar/gateway-node-flags.json: there are few, so speed counts for more. All of
 * Node's compilers with a young generation of 8 MB carry up to twice the requests for 80 MB more; Node's own 16 MB take 150 MB more
 * and are no faster.
 */
const gatewayFlags = ['--max-semi-space-size=8'];

/**
 * A young generation of 4 MB instead of 16: with 1,000 connected sidecars 320 MB instead of 410, at the same CPU time
 * (`npm run bench:control-plane`); what there is lives long, or only until it is sent.
 */
const controlPlaneFlags = ['--max-semi-space-size=4'];

/** What is bundled; an executable whose source is not in the checkout is left out. */
const executables = [
  // koffi finds its native file by its own path; it is loaded at run time, and only where traffic is intercepted.
  { name: 'sidecar', entry: 'sidecar/src/main.ts', beside: ['koffi'], flags: sidecarFlags, gatewayFlags },
  { name: 'injector', entry: 'injector/src/main.ts', beside: [], flags: [] },
  { name: 'redirect', entry: 'injector/src/redirect/main.ts', beside: [], flags: [] },
  { name: 'control-plane', entry: 'control-plane/src/main.ts', beside: [], flags: controlPlaneFlags },
  // For people's own machines: it is in no image.
  { name: 'lanectl', entry: 'lanectl/src/main.ts', beside: [], flags: [] },
].filter(({ entry }) => existsSync(join(root, entry)));

/** Dependencies in CommonJS call `require` for Node's own modules; an ES module has none of its own. */
const banner = [
  "import { createRequire as lanekeeperCreateRequire } from 'node:module';",
  'const require = lanekeeperCreateRequire(import.meta.url);',
].join('\n');

/** Loaded when something of them is first used: a sidecar that carries no HTTP/2 and no TLS of its own saves 7 MB. */
const lateBuiltins = new Set(['http2', 'https', 'tls', 'worker_threads', 'child_process']);

/**
 * Node's own modules as objects. An ES import of `node:http` reads every name that it exports when it is linked, and so loads the
 * WebSocket and fetch of undici: 6 MB that nothing here uses.
 */
const builtinsByName = {
  name: 'builtins-by-name',
  setup(build) {
    const names = builtinModules.filter((name) => !name.startsWith('_')).join('|');
    const filter = new RegExp(`^(?:node:)?(?:${names})$`);
    build.onResolve({ filter }, ({ path }) => ({ path: path.replace(/^node:/, ''), namespace: 'builtin' }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: lateBuiltins.has(path) ? lateModule(path) : `module.exports = ${builtin(path)};`,
    }));
  },
};

function builtin(name) {
  return `process.getBuiltinModule(${JSON.stringify(`node:${name}`)})`;
}

/** An object with the module's names; the first one that is read brings them all. */
function lateModule(name) {
  const names = Object.keys(process.getBuiltinModule(`node:${name}`));
  return `for (const name of ${JSON.stringify(names)}) {
    const get = () => {
      const loaded = ${builtin(name)};
      for (const each of ${JSON.stringify(names)}) Object.defineProperty(exports, each, { value: loaded[each] });
      return loaded[name];
    };
    Object.defineProperty(exports, name, { get, enumerable: true, configurable: true });
  }`;
}

function writeWhole(file, contents) {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, file);
}

/** Libraries ask for these only where they are told to, which nobody does: urllib, behind the nacos package, for its proxies. */
const neverLoaded = ['proxy-agent'];

async function bundle({ name, entry, beside, flags, gatewayFlags }) {
  const outfile = join(dist, name, 'main.mjs');
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: [...beside, ...neverLoaded],
    plugins: [builtinsByName],
    loader: { '.html': 'text' },
    banner: { js: banner },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'silent',
  });
  for (const file of result.outputFiles) writeWhole(file.path, file.contents);
  const from = join(root, dirname(entry));
  const copied = beside.flatMap((library) => copyPackage(library, from, join(dist, name, 'node_modules')));
  writeWhole(join(dist, name, 'node-flags.json'), `${JSON.stringify(flags)}\n`);
  if (gatewayFlags !== undefined)
    writeWhole(join(dist, name, 'gateway-node-flags.json'), `${JSON.stringify(gatewayFlags)}\n`);
  writeWhole(join(dist, name, 'LICENSES.txt'), licencesOf(root, Object.keys(result.metafile.inputs), copied));
  return {
    file: relative(root, outfile),
    bytes: result.outputFiles.find((file) => file.path === outfile)?.contents.length,
  };
}

async function buildAll() {
  if (areBundlesCurrent()) return;
  const digest = digestOfInputs();
  const finish = startProgress(`bundling ${executables.map(({ name }) => name).join(', ') || 'nothing yet'}`);
  try {
    rmSync(stamp, { force: true });
    const bundles = await Promise.all(executables.map(bundle));
    writeWhole(stamp, digest);
    finish(
      bundles
        .map(({ file, bytes }) => `${file} ${Math.round(bytes / 1024)} KB`)
        .concat('done')
        .join(', '),
    );
  } catch (error) {
    finish('failed');
    throw error;
  }
}

// Two runs at once would bundle the same twice; the second one waits and finds the work done.
await withLock(buildAll).catch((error) => {
  process.stderr.write(`The bundles could not be made: ${error.message}\n`);
  process.exitCode = 1;
});
