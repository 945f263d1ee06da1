/** The function of node:util that shared/storage calls, for browsers; the bundle takes this file in its place. */

type Callback<Result> = (error: Error | null, result: Result) => void;

/** A function that takes a callback last, as one that returns a promise. */
export function promisify<Given extends unknown[], Result>(
  call: (...given: [...Given, Callback<Result>]) => void,
): (...given: Given) => Promise<Result> {
  return (...given) =>
    new Promise((resolve, reject) => call(...given, (error, result) => error ? reject(error) : resolve(result)));
}
