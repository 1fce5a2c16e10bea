import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../cluster/command.ts';
import { ROOT } from '../cluster/layout.ts';
import { step } from '../cluster/steps.ts';

/** The suite as it was published, built from its Go modules. */
export interface SuitePrograms {
  /** The tests as one program. */
  readonly tests: string;
  /** What answers behind the gateways. */
  readonly echo: string;
  /** Folder of the suite's module, manifests included. */
  readonly suite: string;
  /** Folder with the custom resource definitions of the same version. */
  readonly definitions: string;
  /** `v1.6.1` */
  readonly version: string;
}

const GO = fileURLToPath(new URL('./go/', import.meta.url));
const API = 'sigs.k8s.io/gateway-api';
const SUITE = `${API}/conformance`;
const OPTIONS = { cwd: GO, env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }, timeoutMs: 1_800_000 };

/** Builds what is missing; kept by what the module is pinned to. */
export async function buildSuite(): Promise<SuitePrograms> {
  const folder = join(ROOT, '.cache', 'conformance', digestOfModule());
  if (!existsSync(folder)) {
    await step('building the conformance suite (once)', async () => {
      // Moved into place when it is whole: an interrupted build leaves nothing that looks done.
      const draft = `${folder}.${process.pid}`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      await run('go', ['test', '-c', '-trimpath', '-o', join(draft, 'tests'), '.'], OPTIONS);
      await run('go', ['build', '-trimpath', '-o', join(draft, 'echo'), `${SUITE}/echo-basic`], OPTIONS);
      renameSync(draft, folder);
    });
  }
  await run('go', ['mod', 'download', API, SUITE], OPTIONS);
  const [suite, version] = await moduleOf(SUITE);
  const [api, apiVersion] = await moduleOf(API);
  if (version !== apiVersion) throw new Error(`go.mod pins ${SUITE} ${version} and ${API} ${apiVersion}`);
  return {
    tests: join(folder, 'tests'),
    echo: join(folder, 'echo'),
    suite,
    definitions: join(api, 'config', 'crd', 'standard'),
    version,
  };
}

function digestOfModule(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'conformance_test.go']) hash.update(readFileSync(join(GO, file)));
  return hash.digest('hex').slice(0, 12);
}

async function moduleOf(name: string): Promise<readonly [folder: string, version: string]> {
  const text = await run('go', ['list', '-m', '-f', '{{.Dir}} {{.Version}}', name], OPTIONS);
  const [folder = '', version = ''] = text.trim().split(' ');
  return [folder, version];
}
