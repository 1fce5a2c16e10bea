import { decodePart } from '@lanekeeper/mesh-file/decode-part';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { Log } from '@lanekeeper/runtime/log';
import { contentHash } from '../../catalog/content-hash.ts';
import type { CatalogWriter } from '../../catalog/create-catalog.ts';
import { DEFAULT_MESH_PART } from '../../catalog/mesh-part.ts';

/** Where a document stands, for people. */
export interface DocumentPlace {
  readonly registry: string;
  /** Empty: public. */
  readonly namespace: string;
  readonly group: string;
  readonly dataId: string;
}

interface Document {
  /** Hash of the content that was seen last; undefined: there is none. */
  seen: string | undefined;
  /** It stood there before an outage and does not since; what it said is in force. */
  isMissing: boolean;
  problems: readonly ConfigProblem[];
}

/** Puts documents of lanes and rules into the catalog; of each the last good content stays until it is taken away. */
export class LaneDocuments {
  readonly #catalog: CatalogWriter;
  readonly #log: Log;
  readonly #documents = new Map<DocumentPlace, Document>();

  constructor(catalog: CatalogWriter, log: Log) {
    this.#catalog = catalog;
    this.#log = log;
  }

  /** `content` as it stands there now; undefined: there is none (any more). */
  take(place: DocumentPlace, content: string | undefined): void {
    const before = this.#documents.get(place);
    const seen = content === undefined ? undefined : contentHash(content);
    if (before !== undefined && before.seen === seen) {
      before.isMissing = false;
      return;
    }
    const document: Document = { seen, isMissing: false, problems: [] };
    this.#documents.set(place, document);
    if (content !== undefined) this.#read(place, document, content);
    else if (before !== undefined) this.#takeOut(place);
  }

  /**
   * There is none, says a server that has just come back: it may have lost it. What was read stays in force until something else
   * is written there.
   */
  miss(place: DocumentPlace): void {
    const before = this.#documents.get(place);
    if (before?.seen === undefined) return this.take(place, undefined);
    before.isMissing = true;
    this.#log.warn({ ...place }, 'config_missing');
  }

  /** Whether something was heard of it: a content, or that there is none. */
  knows(place: DocumentPlace): boolean {
    return this.#documents.has(place);
  }

  /** Why what is in force may not be what was written last. */
  problems(): readonly string[] {
    return [...this.#documents].flatMap(([place, { problems, isMissing }]) => [
      ...(isMissing ? [`${describe(place)}: ${MISSING}`] : []),
      ...problems.map(({ path, message }) => `${describe(place)}: ${path}: ${message}`),
    ]);
  }

  /** Documents that are looked for and not there. */
  findings(): readonly string[] {
    return [...this.#documents]
      .filter(([, { seen }]) => seen === undefined)
      .map(([place]) => `${describe(place)}: there is none`);
  }

  #read(place: DocumentPlace, document: Document, content: string): void {
    const decoded = decodePart(content);
    if ('problems' in decoded) {
      document.problems = decoded.problems;
      this.#log.warn({ ...place, problems: decoded.problems }, 'config_rejected');
      return;
    }
    this.#put(place, decoded.value);
    this.#log.info({ ...place, generation: document.seen }, 'config_accepted');
  }

  #takeOut(place: DocumentPlace): void {
    this.#put(place, DEFAULT_MESH_PART);
    this.#log.info({ ...place }, 'config_removed');
  }

  #put({ registry, dataId }: DocumentPlace, mesh: typeof DEFAULT_MESH_PART): void {
    this.#catalog.apply({ source: 'nacos', put: [], removed: [], document: `${registry}/${dataId}`, mesh });
  }
}

const MISSING =
  'the server came back without it; what it said is in force: publish it again, or restart the control plane to do without it';

export function describe({ registry, namespace, group, dataId }: DocumentPlace): string {
  const where = namespace === '' ? 'the public namespace' : `namespace ${namespace}`;
  return `Nacos ${registry}, configuration ${dataId} of group ${group} in ${where}`;
}
