import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { NACOS_SEED_IMAGES, SEED_IMAGES } from '../images.ts';
import type { KubeObject } from './kubectl.ts';

const FOLDER = fileURLToPath(new URL('../testdata/', import.meta.url));
const PUBLISHED_IMAGES = 'registry.cn-hangzhou.aliyuncs.com/mse-governance-demo/';

/**
 * The manifests of seed 001, as they are but for the images: of another name, and not asked of a registry at each start, for the
 * cluster may have none.
 */
export function seedManifests(images = SEED_IMAGES): readonly KubeObject[] {
  return published('seed-001.yaml', images);
}

/** Of the same seed: applications that register in Nacos and find each other there. */
export function seedManifestsInNacos(): readonly KubeObject[] {
  return seedManifests(NACOS_SEED_IMAGES);
}

/** Of the same seed: its Nacos server. */
export function seedNacos(): readonly KubeObject[] {
  return published('seed-001-nacos.yaml', NACOS_SEED_IMAGES);
}

function published(file: string, images: string): readonly KubeObject[] {
  const text = readFileSync(`${FOLDER}${file}`, 'utf8');
  return read(
    text
      .replaceAll(PUBLISHED_IMAGES, images)
      .replaceAll('imagePullPolicy: Always', 'imagePullPolicy: IfNotPresent'),
  );
}

/** In place of Nacos, where a promise is about something else. */
export function seedServices(): readonly KubeObject[] {
  return read(readFileSync(`${FOLDER}seed-001-services.yaml`, 'utf8'));
}

export const SEED_DEPLOYMENTS = ['a', 'b', 'c'].flatMap((name) => [
  `spring-cloud-${name}`,
  `spring-cloud-${name}-new`,
]);

function read(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).map((each) => each.toJS() as KubeObject);
}
