import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { retryingPromises } from '../testing/http1/retrying.ts';

describe('the slow driver tries again', () => retryingPromises(slowDriver));
