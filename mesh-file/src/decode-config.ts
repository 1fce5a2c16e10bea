import type { MeshConfig } from '@lanekeeper/protocol/model';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { checkMesh } from './check-mesh.ts';
import { DEFAULT_GATEWAY, decodeGateway } from './decode-gateway.ts';
import { decodeGroup, decodeLane } from './decode-lane.ts';
import { decodeService } from './decode-service.ts';
import { DEFAULT_MESH_SETTINGS, decodeSettings } from './decode-settings.ts';
import { fieldOr, fieldsOf, isNothing, listOf, mismatch, rootCursor, type Cursor } from './decoder.ts';
import { JSON_TREE, parseJsonObject } from './json-tree.ts';
import type { Origins } from './origins.ts';
import { ProblemReport } from './problem-report.ts';
import { YamlTree } from './yaml-tree.ts';

/** Some 5,000 services with ten endpoints each; parsing more would hold up requests for seconds. */
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

export type DecodedConfig = { readonly config: MeshConfig } | { readonly problems: readonly ConfigProblem[] };

/** Reads a mesh from YAML 1.2 (JSON is some of it), as docs/config-file.md describes it. Never throws. */
export function decodeConfig(text: string): DecodedConfig {
  const quick = text.length > MAX_CONFIG_BYTES ? undefined : decodeJson(text);
  return quick === undefined ? decodeYaml(text) : { config: quick };
}

/** Undefined unless it is a faultless JSON object; what is wrong with another text, and where, YAML's parser knows. */
function decodeJson(text: string): MeshConfig | undefined {
  const node = parseJsonObject(text);
  if (node === undefined) return undefined;
  const report = new ProblemReport();
  const config = decodeMesh(rootCursor(node, JSON_TREE, report));
  return report.problems().length === 0 ? config : undefined;
}

function decodeYaml(text: string): DecodedConfig {
  const report = new ProblemReport();
  if (text.length > MAX_CONFIG_BYTES) {
    report.add('document', `expected at most ${MAX_CONFIG_BYTES} characters, found ${text.length}`);
    return { problems: report.problems() };
  }
  const config = decodeText(text, report);
  const problems = report.problems();
  return config === undefined || problems.length > 0 ? { problems } : { config };
}

function decodeText(text: string, report: ProblemReport): MeshConfig | undefined {
  try {
    const lines = new LineCounter();
    // Repeated keys are found while decoding, in linear time and with their path.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    const tree = new YamlTree(document, lines, report);
    if (!isWellFormed(document, tree, report)) return undefined;
    return decodeMesh(rootCursor(document.contents, tree, report));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.add('document', 'is nested too deeply to be read');
    return undefined;
  }
}

function isWellFormed(document: Document, tree: YamlTree, report: ProblemReport): boolean {
  const faults = [...document.errors, ...document.warnings];
  for (const { code, message, pos } of faults) {
    const text = code === 'MULTIPLE_DOCS' ? 'expected one document, found a second after ---' : message;
    report.add(`document ${tree.placeOf(pos[0])}`, text);
  }
  return faults.length === 0;
}

function decodeMesh(cursor: Cursor): MeshConfig | undefined {
  const keys = ['settings', 'services', 'groups', 'lanes', 'gateway'];
  if (isNothing(cursor.tree.read(cursor.node))) {
    // A file that is being written is empty for a moment; an empty mesh must be meant.
    mismatch(cursor, `${keys.join(', ')} (for an empty mesh write services: [])`);
    return undefined;
  }
  const fields = fieldsOf(cursor, { keys });
  if (fields === undefined) return undefined;
  const origins: Origins = new Map();
  const settings = fieldOr(fields, 'settings', decodeSettings, DEFAULT_MESH_SETTINGS);
  const services = listOf(fields.get('services'), (item) => decodeService(item, { origins }));
  const config: MeshConfig = {
    settings,
    services,
    groups: listOf(fields.get('groups'), (item) => decodeGroup(item, settings, origins)),
    lanes: listOf(fields.get('lanes'), (item) => decodeLane(item, origins)),
    gateway: fieldOr(fields, 'gateway', (at) => decodeGateway(at, { services, origins }), DEFAULT_GATEWAY),
  };
  checkMesh(config, origins);
  return config;
}
