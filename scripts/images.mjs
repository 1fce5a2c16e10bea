// `npm run images`: builds the four images with whichever of docker, podman, nerdctl and buildah works here.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from './progress.mjs';
import { root } from './setup.mjs';

/** Each image and its Dockerfile; the context of all is the checkout. */
export const dockerfiles = {
  sidecar: 'sidecar/Dockerfile',
  redirect: 'injector/redirect.Dockerfile',
  injector: 'injector/Dockerfile',
  'control-plane': 'control-plane/Dockerfile',
};

/** By order of preference: the command that tells whether it works, not only whether it is there. */
const tools = {
  docker: ['info'],
  podman: ['info'],
  nerdctl: ['info'],
  buildah: ['info'],
};

const help = `usage: npm run images -- [options]

Builds ${Object.keys(dockerfiles).join(', ')}.
  --repository NAME  before each image's name; docker.io/lanekeeper, which is what the chart asks for
  --tag TAG          the chart's appVersion
  --tool TOOL        ${Object.keys(tools).join(', ')}; the first that works
  --push             pushes them as well
`;

class UsageError extends Error {}

function works(tool) {
  return spawnSync(tool, tools[tool], { stdio: 'ignore' }).status === 0;
}

function findTool(wanted) {
  if (wanted !== undefined && !Object.hasOwn(tools, wanted))
    throw new UsageError(`--tool ${wanted}: expected one of ${Object.keys(tools).join(', ')}`);
  const found = (wanted === undefined ? Object.keys(tools) : [wanted]).find(works);
  if (found !== undefined) return found;
  throw new Error(
    wanted === undefined
      ? `no builder of images works here: ${Object.keys(tools).join(', ')} were tried, each with "info"`
      : `"${wanted} ${tools[wanted].join(' ')}" fails; run it to see why`,
  );
}

function chartVersion() {
  const chart = readFileSync(join(root, 'helm', 'lanekeeper', 'Chart.yaml'), 'utf8');
  return /^appVersion: (\S+)$/m.exec(chart)[1];
}

function readOptions(args) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  try {
    const options = { repository: text, tag: text, tool: text, push: flag, help: flag };
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function run(tool, args) {
  const { status, error } = spawnSync(tool, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

/** A registry that npm was told of is needed inside as well, where bundles are not taken as they are. */
function buildArguments({ npm_config_registry: registry }) {
  return registry ? ['--build-arg', `npm_config_registry=${registry}`] : [];
}

function buildImages({ repository = 'docker.io/lanekeeper', tag = chartVersion(), tool: wanted, push }) {
  const tool = findTool(wanted);
  for (const [program, dockerfile] of Object.entries(dockerfiles)) {
    const name = `${repository}/${program}:${tag}`;
    say(`${tool}: ${name}`);
    run(tool, ['build', '--file', dockerfile, '--tag', name, ...buildArguments(process.env), '.']);
    if (push) run(tool, ['push', name]);
  }
}

/** Resolves arguments to an exit code. */
function main(args) {
  try {
    const options = readOptions(args);
    if (options.help) process.stdout.write(help);
    else buildImages(options);
    return 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n${error instanceof UsageError ? `\n${help}` : ''}`);
    return error instanceof UsageError ? 64 : 1;
  }
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.slice(2));
