import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { SEED_IMAGES } from '../images.ts';
import type { KubeObject } from './kubectl.ts';

const FOLDER = fileURLToPath(new URL('../testdata/', import.meta.url));
const PUBLISHED_IMAGES = 'registry.cn-hangzhou.aliyuncs.com/mse-governance-demo/';

/**
 * The manifests of seed 001, as they are but for the images: of another name, and not asked of a registry at each start, for the
 * cluster may have none.
 */
export function seedManifests(): readonly KubeObject[] {
  const published = readFileSync(`${FOLDER}seed-001.yaml`, 'utf8');
  return read(
    published
      .replaceAll(PUBLISHED_IMAGES, SEED_IMAGES)
      .replaceAll('imagePullPolicy: Always', 'imagePullPolicy: IfNotPresent'),
  );
}

/** What stands in for Nacos. */
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
