import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRecipe } from '../cluster/images.ts';
import { CACHE, ROOT } from '../cluster/layout.ts';
import { VERSIONS } from '../cluster/versions.ts';
import type { SuitePrograms } from './suite-programs.ts';

/** The images that the suite's manifests name, made here of programs built from source: nothing is pulled. */
export function suiteImages({ suite, echo }: SuitePrograms): readonly ImageRecipe[] {
  const names = new Set(
    readdirSync(suite, { recursive: true, encoding: 'utf8' })
      .filter((file) => /^(base|tests)\/[^/]*\.yaml$/.test(file))
      .flatMap((file) => imagesIn(readFileSync(join(suite, file), 'utf8'))),
  );
  return [...names].sort().map((name) => recipeOf(name, echo));
}

function imagesIn(manifest: string): readonly string[] {
  return [...manifest.matchAll(/^\s*(?:- )?image: *"?([^\s"]+)"?$/gm)].map(([, name = '']) => name);
}

function recipeOf(name: string, echo: string): ImageRecipe {
  const program = programOf(name, echo);
  const context = join(ROOT, '.cache', 'conformance', 'images', name.replaceAll(/[^\w.-]/g, '_'));
  mkdirSync(context, { recursive: true });
  copyFileSync(program, join(context, 'program'));
  const dockerfile = join(context, 'Dockerfile');
  writeFileSync(dockerfile, 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
  return { name, dockerfile, context };
}

function programOf(name: string, echo: string): string {
  if (/\/echo-basic:/.test(name)) return echo;
  if (/\/coredns:/.test(name)) return join(CACHE, 'bin', `coredns-${VERSIONS.coredns}`, 'coredns');
  throw new Error(`the suite wants the image ${name}, and nothing here makes one of that name`);
}
