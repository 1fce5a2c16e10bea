import { describe } from 'vitest';
import { memoryPromises } from '../testing/http1/memory.ts';

describe('the slow driver', () => memoryPromises(new URL('../testing/run-slow-driver.ts', import.meta.url)));
