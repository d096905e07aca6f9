//! The wire: any bytes in any pieces are frames or an error; what was read is written back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use threadkeep::protocol::codec::{self, Decoder};
use threadkeep::protocol::message::{Asked, AskedId, Hello, Told, ViewInput, ViewOutput};

fuzz_target!(|bytes: &[u8]| {
    let [cut, bytes @ ..] = bytes else { return };
    if let Ok(asked) = codec::decode::<Asked>(bytes) {
        let again = codec::encode(&asked).expect("what was read can be written");
        assert_eq!(codec::decode::<Asked>(&again[4..]).expect("and read again"), asked);
    }
    // Whatever it is, it is that or an error.
    let _ = (codec::decode::<AskedId>(bytes), codec::decode::<Hello>(bytes), codec::decode::<Told>(bytes));
    let _ = (codec::decode::<ViewInput>(bytes), codec::decode::<ViewOutput>(bytes));
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(usize::from(*cut) + 1) {
        decoder.push(piece);
        while let Ok(Some(_)) = decoder.take::<Told>() {}
    }
});
