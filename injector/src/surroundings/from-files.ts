import { readFile } from 'node:fs/promises';
import { createFileSource } from '@lanekeeper/runtime/certificate-files';
import { ConfigError } from '@lanekeeper/runtime/env';
import type { Log } from '@lanekeeper/runtime/log';
import type { FileSettings } from '../config.ts';
import { readFactsFile } from '../facts/static-facts.ts';
import type { Surroundings } from './surroundings.ts';

/** Without an API server. Throws ConfigError for a file that cannot be used. */
export async function createFileSurroundings(settings: FileSettings, log: Log): Promise<Surroundings> {
  const facts = await readFactsFile(settings.factsFile);
  const ca = await readCa(settings.discoveryCaFile);
  const certificates = createFileSource({ files: settings.certificate, log, nowMs: Date.now });
  return {
    facts,
    certificates,
    discoveryCa: () => ca,
    observe: () => undefined,
    problems() {
      const problem = certificates.problem();
      return problem === undefined ? [] : [problem];
    },
    start: () => certificates.start(),
    stop() {
      certificates.close();
      return Promise.resolve();
    },
  };
}

async function readCa(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError([{ path, message: error instanceof Error ? error.message : String(error) }]);
  }
}
