import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { timeoutsPromises } from '../testing/http1/timeouts.ts';

describe('the slow driver', () => timeoutsPromises(slowDriver));
