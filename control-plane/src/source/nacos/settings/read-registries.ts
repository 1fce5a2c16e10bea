import { readConfigFile } from '@lanekeeper/mesh-file/read-config-file';
import { ConfigError, type ConfigProblem } from '@lanekeeper/runtime/env';
import type { NacosRegistry } from '../registry.ts';
import { decodeRegistries } from './decode-registries.ts';

/** The registries as the file at `path` has them. Throws a ConfigError with all that is wrong in it. */
export async function readRegistries(path: string): Promise<readonly NacosRegistry[]> {
  const content = await readConfigFile(path);
  if (content === undefined) throw inFile(path, [{ path: '', message: 'is being written; try again' }]);
  if ('problem' in content) throw inFile(path, [{ path: '', message: content.problem }]);
  const decoded = decodeRegistries(content.text);
  if ('problems' in decoded) throw inFile(path, decoded.problems);
  return decoded.value;
}

function inFile(file: string, problems: readonly ConfigProblem[]): ConfigError {
  return new ConfigError(
    problems.map(({ path, message }) => ({ path: path === '' ? file : `${file} ${path}`, message })),
  );
}
