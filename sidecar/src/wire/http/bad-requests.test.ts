import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { badRequestsPromises } from '../testing/http1/bad-requests.ts';

describe('the slow driver', () => badRequestsPromises(slowDriver));
