"""The conformance kit: small networks, inputs and expected results, for any library in any language to test itself against."""
