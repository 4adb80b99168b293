"""Would a test notice?  Small changes of the code, one at a time, each tried on the tests that run its line.

    python -m tests.mutation weights/names minicnn/ops --mutants 40
    python -m tests.mutation --report

It works in a copy of the project, so nothing here is ever changed, and adds a line of JSON per mutant to
tests/results/mutation.jsonl; a run that was ended goes on where it was.  A mutant is *noticed* if one of
those tests fails; *survived* if none does.  Of the tests that run its line the nearest by name and the
quickest are taken, as many as take some 40 seconds; one that has not ended after 60 was noticed, because it
hangs.  Which tests run which lines is recorded once for each file of tests (--folder keeps it), when it is
first asked: with --near 6 only the six that are nearest by name or import the module are asked, and those
recorded already; --again then asks others about who survived, wherever its line is by now.  Tests that take
over --longest seconds of processor time are left out.  Every mutant is tried in a fork of one process that
has imported the libraries. --part 2/3 is one of three processes beside each other; --leave leaves files of
tests out.  Survivors that compute the same stand in equivalent.json, with the reason.  A row of the results
says which commit was tried.
"""
