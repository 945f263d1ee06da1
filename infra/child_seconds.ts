/** Seconds that processors were busy with children of this process that have ended, in hundredths. Linux only (reads /proc). */
export async function childSeconds(): Promise<number> {
  // After the name of the program, which may hold anything in brackets.
  const fields = (await Deno.readTextFile("/proc/self/stat")).split(") ").at(-1)!.split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
