import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { LineCounter, parseAllDocuments, parseDocument, type Document } from 'yaml';
import { isNothing, rootCursor, type Cursor } from './decoder.ts';
import { JSON_TREE, parseJsonObject } from './json-tree.ts';
import { ProblemReport } from './problem-report.ts';
import type { Tree } from './tree.ts';
import { aliasBudget, YamlTree } from './yaml-tree.ts';

/** Some 5,000 services with ten endpoints each; parsing more would hold up requests for seconds. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

export type Decoded<T> = { readonly value: T } | { readonly problems: readonly ConfigProblem[] };

export interface DocumentOptions<T> {
  /** Reads the document; undefined, or a problem reported on the way, means that it cannot be used. */
  readonly decode: (root: Cursor) => T | undefined;
  /** It holds secrets: of what stands in it problems show these keys and nothing else, those of the parser included. */
  readonly secret?: { readonly keys: readonly string[] };
}

export interface DocumentsOptions<T> {
  /** Reads the documents, those that are empty apart; one, that may be empty, where there is no other. */
  readonly decode: (roots: readonly [Cursor, ...Cursor[]]) => T | undefined;
}

/** Reads YAML 1.2 (JSON is some of it); every mistake with its path and place. Never throws. */
export function decodeDocument<T>(text: string, options: DocumentOptions<T>): Decoded<T> {
  const { decode, ...rest } = options;
  return decodeText(text, { ...rest, isSeveral: false, decode: ([root]) => decode(root) });
}

/** As {@link decodeDocument}, of a text that may hold several documents with `---` between them. */
export function decodeDocuments<T>(text: string, { decode }: DocumentsOptions<T>): Decoded<T> {
  return decodeText(text, { isSeveral: true, decode });
}

interface TextOptions<T> extends DocumentsOptions<T>, Pick<DocumentOptions<T>, 'secret'> {
  readonly isSeveral: boolean;
}

function decodeText<T>(text: string, options: TextOptions<T>): Decoded<T> {
  const quick = text.length > MAX_DOCUMENT_BYTES ? undefined : decodeJson(text, options);
  return quick === undefined ? decodeYaml(text, options) : { value: quick };
}

/** Undefined unless it is a faultless JSON object; what is wrong with another text, and where, YAML's parser knows. */
function decodeJson<T>(text: string, { decode }: TextOptions<T>): T | undefined {
  const node = parseJsonObject(text);
  if (node === undefined) return undefined;
  const report = new ProblemReport();
  const value = decode([rootCursor(node, JSON_TREE, report)]);
  return report.problems().length === 0 ? value : undefined;
}

function decodeYaml<T>(text: string, options: TextOptions<T>): Decoded<T> {
  const report = new ProblemReport();
  if (text.length > MAX_DOCUMENT_BYTES) {
    report.add('document', `expected at most ${MAX_DOCUMENT_BYTES} characters, found ${text.length}`);
    return { problems: report.problems() };
  }
  const value = decodeParsed(text, options, report);
  const problems = report.problems();
  return value === undefined || problems.length > 0 ? { problems } : { value };
}

function decodeParsed<T>(text: string, options: TextOptions<T>, report: ProblemReport): T | undefined {
  try {
    const roots = rootsOf(text, options, report);
    return roots === undefined ? undefined : options.decode(roots);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.add('document', 'is nested too deeply to be read');
    return undefined;
  }
}

/** Undefined where the text is no YAML, which is reported. */
function rootsOf(
  text: string,
  { isSeveral, secret }: Pick<TextOptions<unknown>, 'isSeveral' | 'secret'>,
  report: ProblemReport,
): readonly [Cursor, ...Cursor[]] | undefined {
  const parsing = secret === undefined ? report : new ProblemReport();
  const places = { lines: new LineCounter(), report: parsing, budget: aliasBudget() };
  // Repeated keys are found while decoding, in linear time and with their path.
  const options = { lineCounter: places.lines, prettyErrors: false, uniqueKeys: false };
  const parsed = isSeveral ? [...parseAllDocuments(text, options)] : [parseDocument(text, options)];
  const trees = parsed.map((document) => ({ document, tree: new YamlTree(document, places) }));
  const shown = { report, hasSecrets: secret !== undefined };
  if (!trees.map(({ document, tree }) => isWellFormed(document, tree, shown)).every(Boolean))
    return undefined;
  // Of a token that begins with "*" YAML makes an alias, and the complaint names it.
  if (secret !== undefined && parsing.problems().length > 0) {
    report.add('document', 'expected no aliases; quote what begins with "*"');
    return undefined;
  }
  const roots = trees.map(({ document, tree }) => {
    const view = secret === undefined ? tree : hideValues(tree, new Set(secret.keys));
    return rootCursor(document.contents, view, report);
  });
  const [first = rootCursor(null, JSON_TREE, report)] = roots;
  const [filled, ...more] = roots.filter(({ tree, node }) => !isNothing(tree.read(node)));
  return filled === undefined ? [first] : [filled, ...more];
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
