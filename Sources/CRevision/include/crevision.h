// The revision this program was built from, as the package manifest found it.
#pragma once

/// The i-th character of the revision, or 0 past its end.
unsigned char rwv_revision_character(unsigned i);
