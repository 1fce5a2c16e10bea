import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** YAML that people are shown: a block of a page, or a file beside the pages. */
export interface DocBlock {
  /** `docs/lanes.md:70` */
  readonly place: string;
  readonly text: string;
}

/** Any object as people apply it. */
export interface DocObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Every block of YAML in the README and under `docs/`, and every file of YAML there. */
export function docBlocks(): readonly DocBlock[] {
  const names = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('docs', name))
    .toSorted();
  return ['README.md', ...names].flatMap((name) => {
    if (name.endsWith('.md')) return blocksOf(name, readFileSync(join(ROOT, name), 'utf8'));
    if (/\.ya?ml$/.test(name)) return [{ place: name, text: readFileSync(join(ROOT, name), 'utf8') }];
    return [];
  });
}

function blocksOf(name: string, page: string): readonly DocBlock[] {
  return [...page.matchAll(/^( *)```ya?ml\n(.*?)^ *```$/gms)].map((found) => {
    const [, indent = '', text = ''] = found;
    const line = page.slice(0, found.index).split('\n').length;
    return { place: `${name}:${line}`, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

/** The documents of a block as plain JSON; a mistake in the YAML is an error with the place. */
export function documentsOf({ place, text }: DocBlock): readonly Readonly<Record<string, unknown>>[] {
  return parseAllDocuments(text, { merge: true }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${place}: ${error.message}`);
    return document.toJS() as Readonly<Record<string, unknown>>;
  });
}

/** Whether it says that it is an object; anything else is a file of settings, or a part of something. */
export function isObject(document: Readonly<Record<string, unknown>>): document is DocObject {
  return 'apiVersion' in document || 'kind' in document;
}
