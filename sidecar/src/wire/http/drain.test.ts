import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { drainPromises } from '../testing/http1/drain.ts';

describe('the slow driver', () => drainPromises(slowDriver));
