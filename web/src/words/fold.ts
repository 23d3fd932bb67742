/** A name or code as it is compared: without case, width and spaces. */
export function teamKey(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
}
