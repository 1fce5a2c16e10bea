import { describe } from 'vitest';
import { memoryPromises } from '../testing/http1/memory.ts';

describe('the fast driver', () => memoryPromises(new URL('../testing/run-fast-driver.ts', import.meta.url)));
