import type { Request, Tool } from './arguments.ts';
import { collect } from './collect.ts';
import { resumeCommands } from './command.ts';
import { commandsOf, KUBECTL, type ComponentName } from './components.ts';
import { takeDownByName, takeDownOwn } from './down.ts';
import { buildImage } from './images.ts';
import { importImages } from './import-images.ts';
import { endOnSignals } from './interruption.ts';
import { isRunning } from './process-mark.ts';
import { ensureComponent, restartComponent, stopComponent } from './processes.ts';
import { clusterNames, requireState } from './state.ts';
import { say, step, stepTable } from './steps.ts';
import { collectionFolder } from './try-promises.ts';
import { bringUp, keep, prepare } from './up.ts';
import { usage } from './usage.ts';

const TOOL: Readonly<Record<Tool, (request: Request) => Promise<number>>> = {
  up,
  down,
  list,
  start: (request) => onParts(request, ensureComponent),
  stop: (request) => onParts(request, stopComponent),
  restart: (request) => onParts(request, restartComponent),
  image,
  async collect({ name }) {
    const { kubeconfig, logs } = requireState(name).layout;
    await collect({ kubeconfig, logs, variables: { KUBECTL } }, collectionFolder(name));
    return 0;
  },
};

/** Runs one of the tools for a cluster that is up; answers the exit code. */
export function runTool(request: Request): Promise<number> {
  const { tool } = request;
  if (tool === undefined) throw new Error('no tool was asked for');
  return TOOL[tool](request);
}

async function up({ name }: Request): Promise<number> {
  endOnSignals();
  try {
    await prepare();
    keep(await bringUp(name));
  } finally {
    resumeCommands();
    await takeDownOwn(name);
  }
  process.stdout.write(`${stepTable()}\n${usage(requireState(name).layout)}`);
  return 0;
}

async function down({ name }: Request): Promise<number> {
  if (await step(`taking down '${name}'`, () => takeDownByName(name))) return 0;
  say(`there is no cluster '${name}'`);
  return 0;
}

async function list(): Promise<number> {
  for (const name of clusterNames()) {
    const { layout, components } = requireState(name);
    process.stdout.write(`${name}  KUBECONFIG=${layout.kubeconfig}\n`);
    for (const [part, component] of Object.entries(components)) {
      const life = isRunning(component) ? `process ${component.pid}` : 'ENDED';
      process.stdout.write(`  ${part.padEnd(20)} ${life.padEnd(16)} ${component.log}\n`);
    }
  }
  return 0;
}

async function onParts(
  { name, words, tool }: Request,
  act: (name: string, part: ComponentName) => Promise<void>,
): Promise<number> {
  const state = requireState(name);
  const known = Object.keys(commandsOf(state.layout)) as ComponentName[];
  const parts = words.map((word) => known.find((part) => part === word));
  if (parts.length === 0 || parts.includes(undefined)) {
    process.stderr.write(`${tool} takes names of parts: ${known.join(', ')}\n`);
    return 64;
  }
  for (const part of parts) {
    if (part !== undefined) await step(`${tool} ${part}`, () => act(name, part));
  }
  return 0;
}

async function image({ name, words }: Request): Promise<number> {
  const [imageName, dockerfile, context] = words;
  if (imageName === undefined || dockerfile === undefined || context === undefined) {
    process.stderr.write('image takes three words: NAME DOCKERFILE CONTEXT\n');
    return 64;
  }
  const { layout } = requireState(name);
  await step(`building ${imageName}`, () => buildImage({ name: imageName, dockerfile, context }));
  await step(`putting it into '${name}'`, () => importImages(layout, [imageName]));
  return 0;
}
