/**
 * The epoch of what a person tries out: before every other of its source, however late it is first seen, and in
 * order of arrival, so that a test makes nothing old that the source itself has told or will tell.
 */
export const sampleEpoch = '00000000-0000-7000-8000-000000000000';
