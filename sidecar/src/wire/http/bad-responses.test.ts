import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { badResponsesPromises } from '../testing/http1/bad-responses.ts';

describe('the slow driver', () => badResponsesPromises(slowDriver));
