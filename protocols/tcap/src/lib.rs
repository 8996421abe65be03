//! TCAP: transactions, dialogues and components, without input or output.
