import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { rootCursor, type Cursor } from './decoder.ts';
import { JSON_TREE, parseJsonObject } from './json-tree.ts';
import { ProblemReport } from './problem-report.ts';
import type { Tree } from './tree.ts';
import { YamlTree } from './yaml-tree.ts';

/** Some 5,000 services with ten endpoints each; parsing more would hold up requests for seconds. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

export type Decoded<T> = { readonly value: T } | { readonly problems: readonly ConfigProblem[] };

export interface DocumentOptions<T> {
  /** Reads the document; undefined, or a problem reported on the way, means that it cannot be used. */
  readonly decode: (root: Cursor) => T | undefined;
  /** It holds secrets: of what stands in it problems show these keys and nothing else, those of the parser included. */
  readonly secret?: { readonly keys: readonly string[] };
}

/** Reads YAML 1.2 (JSON is some of it); every mistake with its path and place. Never throws. */
export function decodeDocument<T>(text: string, options: DocumentOptions<T>): Decoded<T> {
  const quick = text.length > MAX_DOCUMENT_BYTES ? undefined : decodeJson(text, options);
  return quick === undefined ? decodeYaml(text, options) : { value: quick };
}

/** Undefined unless it is a faultless JSON object; what is wrong with another text, and where, YAML's parser knows. */
function decodeJson<T>(text: string, { decode }: DocumentOptions<T>): T | undefined {
  const node = parseJsonObject(text);
  if (node === undefined) return undefined;
  const report = new ProblemReport();
  const value = decode(rootCursor(node, JSON_TREE, report));
  return report.problems().length === 0 ? value : undefined;
}

function decodeYaml<T>(text: string, options: DocumentOptions<T>): Decoded<T> {
  const report = new ProblemReport();
  if (text.length > MAX_DOCUMENT_BYTES) {
    report.add('document', `expected at most ${MAX_DOCUMENT_BYTES} characters, found ${text.length}`);
    return { problems: report.problems() };
  }
  const value = decodeText(text, options, report);
  const problems = report.problems();
  return value === undefined || problems.length > 0 ? { problems } : { value };
}

function decodeText<T>(text: string, options: DocumentOptions<T>, report: ProblemReport): T | undefined {
  const { decode, secret } = options;
  const parsing = secret === undefined ? report : new ProblemReport();
  try {
    const lines = new LineCounter();
    // Repeated keys are found while decoding, in linear time and with their path.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    const tree = new YamlTree(document, lines, parsing);
    if (!isWellFormed(document, tree, { report, hasSecrets: secret !== undefined })) return undefined;
    // Of a token that begins with "*" YAML makes an alias, and the complaint names it.
    if (secret !== undefined && parsing.problems().length > 0) {
      report.add('document', 'expected no aliases; quote what begins with "*"');
      return undefined;
    }
    const shown = secret === undefined ? tree : hideValues(tree, new Set(secret.keys));
    return decode(rootCursor(document.contents, shown, report));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.add('document', 'is nested too deeply to be read');
    return undefined;
  }
}

interface Shown {
  readonly report: ProblemReport;
  readonly hasSecrets: boolean;
}

function isWellFormed(document: Document, tree: YamlTree, { report, hasSecrets }: Shown): boolean {
  const faults = [...document.errors, ...document.warnings];
  for (const { code, message, pos } of faults) {
    const text = code === 'MULTIPLE_DOCS' ? 'expected one document, found a second after ---' : message;
    report.add(`document ${tree.placeOf(pos[0])}`, hasSecrets ? `is no YAML at this place (${code})` : text);
  }
  return faults.length === 0;
}

const HIDDEN = '(hidden)';

/** A key that nobody expects: it may be a secret at the wrong place. */
interface HiddenKey {
  readonly hidden: unknown;
}

/** The same values to decoders of text, nothing of them to messages. */
function hideValues(tree: Tree, keys: ReadonlySet<string>): Tree {
  const hiddenKeys = new WeakSet<object>();
  const isHidden = (node: unknown): node is HiddenKey =>
    typeof node === 'object' && node !== null && hiddenKeys.has(node);
  const hideKey = (node: unknown): unknown => {
    const key = tree.read(node);
    if (key.kind === 'scalar' && typeof key.value === 'string' && keys.has(key.value)) return node;
    const hidden: HiddenKey = { hidden: node };
    hiddenKeys.add(hidden);
    return hidden;
  };
  return {
    read(node) {
      if (isHidden(node)) return { kind: 'scalar', value: HIDDEN, source: HIDDEN, isPlain: false };
      const read = tree.read(node);
      if (read.kind === 'map') {
        return { kind: 'map', entries: read.entries.map(([key, value]) => [hideKey(key), value]) };
      }
      return read.kind === 'scalar' && read.value !== null ? { ...read, source: HIDDEN } : read;
    },
    place: (node) => tree.place(isHidden(node) ? node.hidden : node),
  };
}
